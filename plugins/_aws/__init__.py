"""What in_s3 and in_sqs share: sessions, roles, the meaning of refusals."""
