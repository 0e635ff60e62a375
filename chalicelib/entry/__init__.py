"""Adapters of every kind of input and output: HTTP, WebSocket, queues, schedules, operations."""
