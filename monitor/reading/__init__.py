"""What is read out of a notice; every reader is pure."""
