"""The texts of all mails, and the delivery of the outbox of mail."""
