"""What is read and written: decoding, encoding, digests, atomic writes, resource paths."""
