"""The figures of `make bench`: Chandlery measured beside other clients, on loopback only."""
