"""What does a round of a watch cost, and how large is what it remembers?"""
