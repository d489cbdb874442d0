"""What a search box offers while somebody types: works, researchers, topics and institutions at once."""
