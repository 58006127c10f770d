"""The sessions of this project and what they call; Slipway owns this folder and its updates replace it."""
