"""The edge of the application: the one service that knows where the others are."""
