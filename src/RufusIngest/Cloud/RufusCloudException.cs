using System.Diagnostics.CodeAnalysis;

namespace RufusIngest.Cloud;

/// <summary>Why a call failed, told apart by what to do about it.</summary>
public enum RufusFailure
{
    /// <summary>
    /// 401 or 403: the key is wrong, or lacks the access and the server does not say so. Do not repeat; get another key.
    /// </summary>
    KeyRefused,

    /// <summary>
    /// 403 with words about access type or permission: the key is known. Give it the access that the call needs (READ for
    /// GET, WRITE for POST and PATCH, the unbind flag for DELETE), or use another.
    /// </summary>
    PermissionMissing,

    /// <summary>404: no such device or session. Check the id.</summary>
    NotFound,

    /// <summary>The session is unknown or closed. Open another one and attach its token.</summary>
    SessionGone,

    /// <summary>400 or another 4xx: the server does not accept this content. Repeating it will not help.</summary>
    BadRequest,

    /// <summary>413: send less at once.</summary>
    TooLarge,

    /// <summary>429: repeat later, see <see cref="RufusCloudException.RetryAfter"/>.</summary>
    Throttled,

    /// <summary>408 or 5xx: repeat later.</summary>
    ServerFault,

    /// <summary>
    /// No answer: network down, name unknown, time-out. It may have been done all the same. Repeat later.
    /// </summary>
    Unreachable,

    /// <summary>An answer, but not of this API: a proxy, a redirect, another version, longer than allowed.</summary>
    AnswerNotUnderstood,
}

/// <summary>A call to the API failed. Never holds the API key, even when the server's words did.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Only the client makes it, and never without the facts.")]
public sealed class RufusCloudException : Exception
{
    internal RufusCloudException(
        RufusFailure failure, int status, string method, string path, string? description, TimeSpan? retryAfter = null,
        Exception? inner = null)
        : base(Describe(failure, status, method, path, description), inner)
    {
        Failure = failure;
        Status = status;
        Method = method;
        Path = path;
        Description = description;
        RetryAfter = retryAfter;
    }

    /// <summary>What to do about it.</summary>
    public RufusFailure Failure { get; }

    /// <summary>HTTP status, or 0 when there was no answer.</summary>
    public int Status { get; }

    /// <summary>HTTP method.</summary>
    public string Method { get; }

    /// <summary>Path below the base address, with query.</summary>
    public string Path { get; }

    /// <summary>The server's words, or those of the network; at most 500 characters, one line.</summary>
    public string? Description { get; }

    /// <summary>How long the server asks to wait, as it said it: no cap is applied.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>
    /// Whether the same call may do later: the server or the network failed, or, for a GET, something else answered, such as
    /// a network's log-in page. A writing call with an answer that was not understood may have been done.
    /// </summary>
    public bool MayHeal => Failure is RufusFailure.Unreachable or RufusFailure.ServerFault or RufusFailure.Throttled
        || (Failure == RufusFailure.AnswerNotUnderstood && Method == "GET");

    /// <summary>What a status without success means; the words only tell the two kinds of 403 apart.</summary>
    internal static RufusFailure Classify(int status, string? words) => status switch
    {
        403 when SaysPermission(words) => RufusFailure.PermissionMissing,
        401 or 403 => RufusFailure.KeyRefused,
        404 => RufusFailure.NotFound,
        408 or >= 500 => RufusFailure.ServerFault,
        413 => RufusFailure.TooLarge,
        429 => RufusFailure.Throttled,
        >= 400 => RufusFailure.BadRequest,
        _ => RufusFailure.AnswerNotUnderstood,
    };

    /// <summary>Whether an insert's answer without success means that the session is unknown or closed.</summary>
    internal static bool SaysGone(int status, string? words) =>
        status == 404 || string.Equals(words, "Session not found or closed", StringComparison.OrdinalIgnoreCase);

    static bool SaysPermission(string? words) =>
        words is not null
        && (words.Contains("access type", StringComparison.OrdinalIgnoreCase)
            || words.Contains("permission", StringComparison.OrdinalIgnoreCase));

    static string Describe(RufusFailure failure, int status, string method, string path, string? description)
    {
        string answer = status == 0 ? "no answer" : $"status {status}";
        return description is null
            ? $"{failure}: {method} {path}: {answer}."
            : $"{failure}: {method} {path}: {answer}: {description}";
    }
}
