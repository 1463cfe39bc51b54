"""Any character's picture → parts, joints, mask, background plate."""
