"""Vietnam's provinces, former districts and communes, by code, name and date; addresses."""
