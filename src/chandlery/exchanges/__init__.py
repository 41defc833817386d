"""One adapter per exchange, all behind one interface.

An adapter has a pure half (build the request, read the answer) and a thin half that sends.
Nothing here stores anything, and no adapter knows another one.
"""
