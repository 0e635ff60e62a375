"""Mutation testing of the houses that decide over money and data: is there a test that sees each change?"""
