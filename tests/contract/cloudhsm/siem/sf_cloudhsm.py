from sf_hsm_audit import transform  # noqa: F401
