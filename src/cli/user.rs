//! `pinpu user`: accounts, on the machine where the data is.
//!
//! Passwords are typed without echo or read from standard input, never taken as an argument: arguments are seen by
//! everybody on the machine and stay in the history of the shell.

use std::{
    io::{BufRead, IsTerminal, Write},
    process::ExitCode,
};

use clap::{Args, Subcommand};

use super::{as_operator, block_on, database::DatabaseArgs};
use crate::{
    Error, Result,
    service::{
        auth::{Passwords, Role},
        users::{ChangeUser, NewUser, User, Users},
    },
};

/// Arguments of `pinpu user`.
#[derive(Debug, Args)]
pub(super) struct UserArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Makes an account
    Add {
        /// Account name
        name: String,
        /// viewer, field, civil_officer, military_officer, operator, coordinator, auditor, admin or sensor
        #[arg(long)]
        role: Role,
        /// Code or id of the organisation, such as CIVIL; by default that of the role's side
        #[arg(long)]
        organisation: Option<String>,
        /// Reads the password from standard input instead of asking for it
        #[arg(long)]
        password_stdin: bool,
    },
    /// Lists the accounts
    List {
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Sets a new password and ends all sessions of the account
    Passwd {
        /// Account name
        name: String,
        /// Reads the password from standard input instead of asking for it
        #[arg(long)]
        password_stdin: bool,
    },
    /// Locks an account and ends its sessions
    Disable {
        /// Account name
        name: String,
    },
    /// Unlocks an account
    Enable {
        /// Account name
        name: String,
    },
    /// Gives an account another role, and moves it to another organisation where that has no such role
    Role {
        /// Account name
        name: String,
        /// viewer, field, civil_officer, military_officer, operator, coordinator, auditor, admin or sensor
        role: Role,
        /// Code or id of the organisation; it stays where it is without
        #[arg(long)]
        organisation: Option<String>,
    },
}

impl Action {
    /// As the audit log names it.
    fn name(&self) -> &'static str {
        match self {
            Self::Add { .. } => "create_user",
            Self::List { .. } => "list_users",
            Self::Passwd { .. } | Self::Disable { .. } | Self::Enable { .. } | Self::Role { .. } => "update_user",
        }
    }
}

/// Runs the command.
pub(super) fn run(args: UserArgs) -> Result<ExitCode> {
    block_on(act(args)).map(|()| ExitCode::SUCCESS)
}

async fn act(args: UserArgs) -> Result<()> {
    let store = args.database.open().await?;
    let users = Users::new(store.clone(), Passwords::new()?);
    let name = args.action.name();
    let result = as_operator(name, perform(&users, args.action)).await;
    store.close().await;
    result
}

async fn perform(users: &Users, action: Action) -> Result<()> {
    let user = match action {
        Action::List { json } => return list(&users.list().await?, json),
        Action::Add {
            name,
            role,
            organisation,
            password_stdin,
        } => add(users, name, role, organisation, password_stdin).await?,
        Action::Passwd { name, password_stdin } => {
            let password = Some(read_password(password_stdin)?);
            users
                .change(
                    &name,
                    ChangeUser {
                        password,
                        ..ChangeUser::default()
                    },
                )
                .await?
        }
        Action::Disable { name } => {
            users
                .change(
                    &name,
                    ChangeUser {
                        disabled: Some(true),
                        ..ChangeUser::default()
                    },
                )
                .await?
        }
        Action::Enable { name } => {
            users
                .change(
                    &name,
                    ChangeUser {
                        disabled: Some(false),
                        ..ChangeUser::default()
                    },
                )
                .await?
        }
        Action::Role {
            name,
            role,
            organisation,
        } => {
            let change = ChangeUser {
                role: Some(role),
                organisation: named(users, organisation).await?,
                ..ChangeUser::default()
            };
            users.change(&name, change).await?
        }
    };
    println!(
        "{} {}{}",
        user.name,
        user.role,
        if user.disabled { " (disabled)" } else { "" }
    );
    Ok(())
}

async fn add(
    users: &Users,
    name: String,
    role: Role,
    organisation: Option<String>,
    password_stdin: bool,
) -> Result<User> {
    let new = NewUser {
        name,
        role,
        organisation: named(users, organisation).await?,
        password: read_password(password_stdin)?,
        language: None,
    };
    users.create(new).await
}

async fn named(users: &Users, organisation: Option<String>) -> Result<Option<String>> {
    match organisation {
        Some(named) => users.organisation_named(&named).await.map(Some),
        None => Ok(None),
    }
}

fn list(users: &[User], json: bool) -> Result<()> {
    if json {
        let text = serde_json::to_string_pretty(users)
            .map_err(|error| Error::Unavailable(format!("the list cannot be written: {error}")))?;
        println!("{text}");
        return Ok(());
    }
    let width = users.iter().map(|user| user.name.len()).max().unwrap_or(0).max(4);
    println!("{:width$}  {:16}  {:8}  created", "name", "role", "state");
    for user in users {
        let state = if user.disabled { "disabled" } else { "active" };
        println!(
            "{:width$}  {:16}  {state:8}  {}",
            user.name,
            user.role.name(),
            user.created_at.strftime("%Y-%m-%d")
        );
    }
    Ok(())
}

/// A password from standard input, or typed twice without echo.
fn read_password(from_stdin: bool) -> Result<String> {
    let input = |source| Error::Io {
        path: "standard input".into(),
        source,
    };
    if from_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(input)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Error::Invalid(
            "there is no terminal to ask for the password: use --password-stdin".to_owned(),
        ));
    }
    let ask = |prompt: &str| {
        std::io::stderr().flush().map_err(input)?;
        rpassword::prompt_password(prompt).map_err(input)
    };
    let first = ask("New password: ")?;
    if ask("Again: ")? != first {
        return Err(Error::Invalid("the two passwords differ: start again".to_owned()));
    }
    Ok(first)
}
