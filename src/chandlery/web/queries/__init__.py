"""What may be asked of the interface: parameters and bodies, read and checked."""
