"""What the tests of Spark share: services started by hand, a gateway in small, a crawler, a person at a notebook."""
