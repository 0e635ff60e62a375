"""The processing register: which data, by which row of the policy, and what happens to it in the end."""
