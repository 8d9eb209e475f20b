//! `pinpu token`: tokens with which programs call the API, made on the machine where the data is.

use std::{process::ExitCode, sync::Arc};

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use serde_json::json;

use super::{as_operator, block_on, database::DatabaseArgs};
use crate::{
    Result,
    service::{
        auth::Passwords,
        tokens::{NewToken, Token, TokenScope, Tokens},
        users::Users,
    },
};

/// Arguments of `pinpu token`.
#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Makes a token and prints its secret, which is shown this once
    Create {
        /// Whose it is: it may do no more than this account
        user: String,
        /// What it is for
        #[arg(long)]
        label: String,
        /// What it may do
        #[arg(long, value_enum, default_value_t = Scope::Read)]
        scope: Scope,
        /// How many days it lives, 1 to 366
        #[arg(long, default_value_t = 90)]
        days: u32,
    },
    /// Lists the tokens of an account that are in force
    List {
        /// Whose
        user: String,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Ends a token at once
    Revoke {
        /// Its key, as `list` prints it
        id: String,
    },
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scope {
    /// What its owner may read
    Read,
    /// What its owner may do
    Full,
}

/// Runs the command.
pub(super) fn run(args: TokenArgs) -> Result<ExitCode> {
    block_on(act(args)).map(|()| ExitCode::SUCCESS)
}

async fn act(args: TokenArgs) -> Result<()> {
    let store = args.database.open().await?;
    let users = Arc::new(Users::new(store.clone(), Passwords::new()?));
    let name = match &args.action {
        Action::Create { .. } => "create_token",
        Action::List { .. } => "list_tokens",
        Action::Revoke { .. } => "delete_token",
    };
    let tokens = Tokens::new(store.clone(), users);
    let result = as_operator(name, perform(&tokens, args.action)).await;
    store.close().await;
    result
}

async fn perform(tokens: &Tokens, action: Action) -> Result<()> {
    match action {
        Action::Create {
            user,
            label,
            scope,
            days,
        } => {
            let scope = match scope {
                Scope::Read => TokenScope::Read,
                Scope::Full => TokenScope::Full,
            };
            let new = NewToken {
                user,
                label,
                scope,
                days,
            };
            let (secret, token) = tokens.create(new, Timestamp::now()).await?;
            eprintln!(
                "{} until {}; it is shown this once:",
                token.id,
                token.expires_at.strftime("%Y-%m-%d")
            );
            println!("{secret}");
        }
        Action::List { user, json } => print(&tokens.list(&user, Timestamp::now()).await?, json),
        Action::Revoke { id } => {
            tokens.revoke(&id, None).await?;
            println!("{id} revoked");
        }
    }
    Ok(())
}

fn print(tokens: &[Token], json: bool) {
    if !json {
        println!("{:20}  {:5}  {:10}  label", "id", "scope", "until");
    }
    for token in tokens {
        let scope = match token.scope {
            TokenScope::Read => "read",
            TokenScope::Full => "full",
        };
        if json {
            let row = json!({
                "id": token.id, "user": token.user, "label": token.label, "scope": token.scope,
                "created_at": token.created_at, "expires_at": token.expires_at,
            });
            println!("{row}");
        } else {
            let until = token.expires_at.strftime("%Y-%m-%d");
            println!("{:20}  {scope:5}  {until:10}  {}", token.id, token.label);
        }
    }
}
