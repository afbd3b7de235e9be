"""How surprising is it that k of n people are stable, improve or respond, under natural history and after picking?"""
