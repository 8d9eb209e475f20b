//! Error to status, in one place: problem details (RFC 9457) in the reader's language.
//!
//! A handler returns a [`Problem`]; its body is written by `http::envelope`, which knows the request id and the
//! language. What went wrong inside the service goes to the log with that id and never into the answer.

use std::{error::Error as StdError, sync::Arc};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::language::{Language, text_in};
use crate::{Error, registry::Text};

/// Body of every answer that is not a success, as `application/problem+json`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemResponse {
    /// Stable name of the kind of problem, a URN such as `urn:pinpu:problem:stale`.
    pub r#type: String,
    /// The kind of problem in words.
    pub title: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// What happened here, and what to do instead.
    pub detail: String,
    /// Key of this request in the log.
    pub request_id: String,
    /// The faulty fields, where single fields are to blame.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldProblem>,
}

/// One faulty field.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// Name of the parameter or member.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What is the matter, before it is put into words for the caller.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Status of the answer.
    pub status: StatusCode,
    /// Boxed: results are handed about everywhere, problems seldom.
    parts: Box<Parts>,
}

#[derive(Debug, Clone)]
struct Parts {
    code: &'static str,
    detail: Text,
    errors: Vec<(String, Text)>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

/// Result of a handler.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

impl Problem {
    /// A problem with a stable code and its explanation in both languages.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        let detail = Text {
            zh: zh.into(),
            en: en.into(),
        };
        let parts = Parts {
            code,
            detail,
            errors: Vec::new(),
            headers: Vec::new(),
            cause: None,
        };
        Self {
            status,
            parts: Box::new(parts),
        }
    }

    /// The request cannot be read: bad JSON, bad query, bad header.
    #[must_use]
    pub fn malformed(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", zh, en)
    }

    /// The request can be read and makes no sense.
    #[must_use]
    pub fn invalid(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", zh, en)
    }

    /// Names the faulty field.
    #[must_use]
    pub fn field(self, field: impl Into<String>, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        self.field_text(field, Text::new(reason.clone(), reason))
    }

    /// Names the faulty field, with a reason in both languages.
    #[must_use]
    pub fn field_text(mut self, field: impl Into<String>, reason: Text) -> Self {
        self.parts.errors.push((field.into(), reason));
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.parts.headers.push((name, value));
        self
    }

    /// Tells the caller when to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    fn caused_by(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.parts.cause = Some(Arc::new(cause));
        self
    }

    /// The cause, for the log only.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn StdError + Send + Sync)> {
        self.parts.cause.as_deref()
    }

    /// The problem that stands for a bare status, as routers and layers produce it.
    #[must_use]
    pub fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::new(
                status,
                "not_found",
                "此地址不存在，请查看 /docs。",
                "There is nothing here; see /docs.",
            ),
            StatusCode::METHOD_NOT_ALLOWED => Self::new(
                status,
                "method_not_allowed",
                "此资源不支持该方法，见 Allow 标头。",
                "The resource does not take this method; see the Allow header.",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(
                status,
                "too_large",
                "请求内容过大，请分批发送。",
                "The body is too large; send it in smaller parts.",
            ),
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "timeout",
                "处理超时，请稍后重试。",
                "It took too long; try again.",
            )
            .retry_after(5),
            status if status.is_client_error() => Self::new(status, "malformed", "请求有误。", "The request is wrong."),
            status => Self::new(status, "internal", "", ""),
        }
    }

    /// The body for this reader. Behind a 5xx there is only the request id.
    #[must_use]
    pub fn body(&self, request_id: &str, language: Language) -> ProblemResponse {
        let field = |(field, reason): &(String, Text)| FieldProblem {
            field: field.clone(),
            reason: text_in(language, reason).to_owned(),
        };
        let detail = if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            match language {
                Language::Zh => format!("服务内部出错。请联系管理员并提供编号 {request_id}。"),
                Language::En => format!("Something failed inside. Tell the administrator this number: {request_id}."),
            }
        } else {
            text_in(language, &self.parts.detail).to_owned()
        };
        ProblemResponse {
            r#type: format!("urn:pinpu:problem:{}", self.parts.code),
            title: text_in(language, &title(self.parts.code)).to_owned(),
            status: self.status.as_u16(),
            detail,
            request_id: request_id.to_owned(),
            errors: self.parts.errors.iter().map(field).collect(),
        }
    }

    pub(super) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.parts.headers
    }
}

/// The kind of problem in words.
fn title(code: &str) -> Text {
    let (zh, en) = match code {
        "malformed" => ("请求无法解析", "The request cannot be read"),
        "invalid" => ("请求内容无效", "The request is invalid"),
        "unauthenticated" => ("需要登录", "Login required"),
        "forbidden" => ("没有权限", "Not allowed"),
        "not_found" => ("未找到", "Not found"),
        "method_not_allowed" => ("方法不支持", "Method not allowed"),
        "stale" => ("已被他人修改", "Changed by somebody else"),
        "precondition_required" => ("缺少 If-Match", "If-Match is missing"),
        "gone" => ("已不再保存", "No longer kept"),
        "wrong_state" => ("当前状态不允许", "Not in this state"),
        "too_large" => ("内容过大", "Too large"),
        "unsupported_media_type" => ("内容类型不支持", "Unsupported media type"),
        "throttled" => ("尝试过于频繁", "Too many tries"),
        "budget_spent" => ("今日查询已达上限", "Nothing left to ask today"),
        "ask_other_side" => ("请与对方协调", "Ask the other side"),
        "unavailable" => ("服务暂不可用", "Not available now"),
        "timeout" => ("处理超时", "Timed out"),
        "idempotency_mismatch" => ("幂等键重复使用", "Idempotency key used twice"),
        _ => ("服务内部错误", "Internal error"),
    };
    Text {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let english = error.to_string();
        match error {
            Error::Invalid(text) => Self::invalid(format!("请求有误：{text}"), text),
            Error::NotFound { kind, id } => {
                let zh = format!("没有这个{}：{id}", kind_zh(kind));
                Self::new(StatusCode::NOT_FOUND, "not_found", zh, english)
            }
            Error::Unauthenticated => Self::unauthenticated(),
            Error::Forbidden { role, action } => {
                let zh = format!("角色“{role}”无权执行此操作（{action}）。");
                Self::new(StatusCode::FORBIDDEN, "forbidden", zh, english)
            }
            Error::Throttled { retry_after_s } => {
                let zh = format!("尝试过于频繁，请等待 {retry_after_s} 秒。");
                Self::new(StatusCode::TOO_MANY_REQUESTS, "throttled", zh, english).retry_after(retry_after_s)
            }
            Error::AskOtherSide => Self::new(
                StatusCode::FORBIDDEN,
                "ask_other_side",
                "该频段可能有不公开的用频，不提供监测结果：请与对方主管部门协调。",
                english,
            ),
            Error::BudgetSpent { limit, renews } => {
                let zh = format!(
                    "本单位今日涉及不公开用频的查询已达上限（{limit} 次）：请于 {renews} 之后再查，或直接与对方协调。"
                );
                let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "budget_spent", zh, english);
                // As an instant: seconds until then would differ from one answer to the next.
                let instant = renews.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
                match HeaderValue::from_str(&instant) {
                    Ok(instant) => problem.header(header::RETRY_AFTER, instant),
                    Err(_) => problem,
                }
            }
            Error::Stale => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "stale",
                "记录已被他人修改：请重新读取后再改。",
                english,
            ),
            Error::Gone(text) => Self::new(StatusCode::GONE, "gone", format!("已不再保存：{text}"), text),
            Error::WrongState(text) => Self::new(
                StatusCode::CONFLICT,
                "wrong_state",
                format!("当前状态不允许：{text}"),
                text,
            ),
            Error::Unavailable(text) => {
                let zh = format!("服务暂不可用：{text}");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", zh, text).retry_after(5)
            }
            error @ (Error::Receiver(_) | Error::Io { .. } | Error::Store(_)) => {
                Self::from_status(StatusCode::INTERNAL_SERVER_ERROR).caused_by(error)
            }
        }
    }
}

impl Problem {
    /// Nobody is logged in.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "请先登录。",
            "Log in first.",
        )
        .header(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"pinpu\""),
        )
    }
}

/// Chinese for the kinds of `Error::NotFound`.
fn kind_zh(kind: &str) -> &str {
    match kind {
        "user" => "用户",
        "receiver" => "接收机",
        "emission" => "发射",
        "conflict" => "冲突",
        "file" => "文件",
        "alarm route" => "告警路由",
        "assignment" => "指配",
        "control order" => "管制令",
        "interference report" => "干扰投诉",
        "sealed answer" => "待公布答复",
        "task" => "监测任务",
        "event" => "重大活动",
        "plan row" => "频率计划行",
        "device" => "设备",
        "allocation" => "划分",
        "spectrum" => "频谱",
        "site" => "站址",
        "request" => "协调申请",
        "token" => "令牌",
        "webhook" => "推送地址",
        "delivery" => "推送消息",
        "organisation" => "单位",
        "registry version" => "登记库版本",
        "audit entry" => "审计条目",
        "spectra of receiver" => "该接收机的频谱",
        "test" => "检测记录",
        "idempotency key" => "幂等键",
        other => other,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
