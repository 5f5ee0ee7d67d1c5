"""Observation, actions and reward, and the Gymnasium and SB3 environments made of them."""
