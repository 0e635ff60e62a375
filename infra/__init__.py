"""What the cloud is made of, and what makes it anywhere but on AWS itself."""
