"""What is around any one thing: works, people, topics, institutions."""
