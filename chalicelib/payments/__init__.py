"""The house of payments: who takes the money, whatever it is for."""
