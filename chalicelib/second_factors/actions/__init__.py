"""What is done about second factors."""
