"""Makes of the application what AWS can be given: a zip, a template, and a stack."""
