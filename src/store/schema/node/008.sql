-- The listings of a delegation are found when it is removed.
CREATE INDEX delegation_space_delegation ON delegation_space (delegation);
