"""The teacher: tiny bases, rewards, and GRPO."""
