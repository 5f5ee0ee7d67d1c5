"""A real Deployment, observed through the Kubernetes API and Prometheus."""
