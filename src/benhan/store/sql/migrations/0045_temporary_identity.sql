-- Serials of temporary identities (TAM-…): within a day none is given twice by a house with fewer than 9,999 such persons.
create sequence temporary_identity_number minvalue 1 maxvalue 9999 cycle;
