"""Fine-tuning shipped models on the user's own material, for each model."""
