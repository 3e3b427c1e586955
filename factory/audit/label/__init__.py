"""How far an audit can be trusted: samples drawn for people to mark, and what their marks say."""
