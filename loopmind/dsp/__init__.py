"""What sound does: numba kernels behind thin validating functions; arrays in, arrays out."""
