"""Is an endpoint ready for TruGen? Free of Pulumi: the resource, the command line and the tests all ask it here."""
