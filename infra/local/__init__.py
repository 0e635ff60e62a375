"""The local cloud: the app, moto behind its strict layer, S3, API Gateway, the events and the clock in one process."""
