"""Documents made from records: works, researchers, topics and institutions."""
