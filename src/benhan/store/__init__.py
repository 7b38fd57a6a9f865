"""The sealed store on PostgreSQL: resources, history, search, ledger, queues, blobs."""
