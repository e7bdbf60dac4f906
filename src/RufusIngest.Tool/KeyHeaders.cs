namespace RufusIngest.Tool;

/// <summary>The headers a request carries its key in.</summary>
[Flags]
enum KeyHeaders
{
    None = 0,
    ApiKey = 1,
    XApiKey = 2,
    Both = ApiKey | XApiKey,
}
