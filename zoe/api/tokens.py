"""/token: one's own API tokens."""

import secrets

from zoe.api.account_schemas import NewToken, NewTokenAnswer, TokensAnswer
from zoe.api.identity import token_digest
from zoe.api.operation import Call, Need, Resource, operation
from zoe.errors import ConflictError
from zoe.state import tokens


class Tokens(Resource):
    """All tokens of the caller."""

    @operation(Need.API, answer=TokensAnswer)
    def on_get(self, call: Call[None]) -> dict[str, object]:
        """List one's own tokens by id, without their secrets."""
        return {str(one["id"]): one for one in tokens.tokens(self.collaborators.database, call.caller.id)}

    @operation(Need.API, body=NewToken, answer=NewTokenAnswer, code=201, refusals=(400, 409))
    def on_post(self, call: Call[NewToken]) -> dict[str, object]:
        """Create a token; its secret is told this once."""
        database, wanted = self.collaborators.database, call.document
        if len(tokens.tokens(database, call.caller.id)) >= tokens.MOST_TOKENS:
            raise ConflictError(f"You have {tokens.MOST_TOKENS} tokens already; delete one first.")
        secret = f"zoe_{secrets.token_urlsafe(32)}"
        digest, now = token_digest(secret), self.collaborators.now()
        number = tokens.add_token(database, tokens.NewToken(call.caller.id, wanted.name, digest, now, wanted.expires))
        return {"token_id": number, "token": secret}


class OneToken(Resource):
    """One token of the caller."""

    @operation(Need.API, code=204, refusals=(404,))
    def on_delete(self, call: Call[None], token_id: int) -> None:
        """Make a token worthless."""
        tokens.delete_token(self.collaborators.database, call.caller.id, token_id)
