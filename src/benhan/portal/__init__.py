"""The deployment portal: which hospital has deployed the electronic record, shown by what its node signs and sends."""
