"""What a hospital sends to the repository, asks of other hospitals by way of the hub, and gives them."""
