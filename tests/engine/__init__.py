"""A DynamoDB of our own, kept in memory, for proofs that need one which is not moto.

It finds a partition without looking at any other, counts what each operation costs, and refuses what it does not know.
Shared with the strict layer: how a request's values are read (`validations.decode`), what an item weighs (`sizes`), and
which tokens were used (`transactions.Tokens`). Everything else is its own, the expressions too.
"""
