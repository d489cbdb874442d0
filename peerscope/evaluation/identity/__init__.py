"""How well works are given to people, on works whose authors are known."""
