"""What an account can do about another (block, report), and how administrators decide on reports."""
