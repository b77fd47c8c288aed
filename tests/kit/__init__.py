"""What the end-to-end tests are made with: an independent implementation of hashes, curves and tokens in plain Python, so that the
bytes our C makes and reads are checked against somebody else's arithmetic. Nothing here is fast or constant-time; keys are test keys.
"""
