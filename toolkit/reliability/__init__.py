"""Does to a running stack what goes wrong with real ones, while a client writes down what it was promised."""
