-- StructureDefinitions and Questionnaires are remembered by processes as terminology is: whoever writes one lets them
-- all look again. 112 Questionnaire, 128 StructureDefinition (store/resource_types.py).

create trigger resource_changes_definitions after insert on resource
    for each row when (new.type in (112, 128)) execute function note_terminology_change();
