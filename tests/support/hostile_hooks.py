"""What webhooks are sent behind a right secret or signature: shaped nearly as the platform's, with a hole for the odd.

An id of a message stands first, where it can be made another each time.
"""

from __future__ import annotations

from tests.fakes.zalo_oa import APP_ID

NESTED = tuple("[" * depth + "]" * depth for depth in (99, 100, 101, 500, 900, 940, 960, 980, 992))
"""Around the depth at which we refuse, and below the one at which Python's JSON gives up."""

_UPDATE = '{"update_id":1,'
_PRIVATE = '"chat":{"id":7,"type":"private"},"from":{"id":7,"is_bot":false,"first_name":"An"}'
_PRESS = _UPDATE + '"callback_query":'
_TELEGRAM = (
    "%s",
    '{"update_id":%s}',
    _UPDATE + '"message":%s}',
    _UPDATE + '"edited_message":%s}',
    _UPDATE + '"callback_query":%s}',
    _UPDATE + '"my_chat_member":%s}',
    _UPDATE + '"unheard_of":%s}',
    _UPDATE + '"message":{"message_id":1,"chat":%s,"text":"x"}}',
    _UPDATE + '"message":{"message_id":1,"chat":{"id":%s,"type":"private"},"text":"x"}}',
    _UPDATE + '"message":{"message_id":1,"chat":{"id":-9,"type":%s},"text":"/start@x"}}',
    _UPDATE + '"message":{"message_id":1,"chat":{"id":-9,"type":"group"},"text":%s,"entities":[{"type":"mention"}]}}',
    _UPDATE + '"message":{"message_id":1,"chat":{"id":-9,"type":"group"},"text":"/x","entities":%s}}',
    _UPDATE + '"message":{"message_id":%s,' + _PRIVATE + ',"text":"x"}}',
    _UPDATE + '"message":{' + _PRIVATE + ',"text":%s}}',
    _UPDATE + '"message":{' + _PRIVATE + ',"caption":%s,"photo":[{"file_id":"a","file_size":1}]}}',
    _UPDATE + '"message":{' + _PRIVATE + ',"photo":%s}}',
    _UPDATE + '"message":{' + _PRIVATE + ',"document":{"file_id":%s,"file_name":"a"}}}',
    _UPDATE + '"message":{' + _PRIVATE + ',"document":{"file_id":"a","file_name":%s,"file_size":1}}}',
    _UPDATE + '"message":{' + _PRIVATE + ',"document":{"file_id":"a","file_size":%s}}}',
    _UPDATE + '"message":{' + _PRIVATE + ',"location":%s}}',
    _UPDATE + '"message":{' + _PRIVATE + ',"location":{"latitude":%s,"longitude":%s}}}',
    _UPDATE + '"message":{' + _PRIVATE + ',"contact":{"phone_number":%s}}}',
    _UPDATE + '"message":{' + _PRIVATE + ',"text":"x","other":%s}}',
    _UPDATE + '"my_chat_member":{' + _PRIVATE + ',"new_chat_member":{"status":%s}}}',
    _PRESS + '{"id":%s,"data":"abcdefgh","message":{' + _PRIVATE + "}}}",
    _PRESS + '{"id":"1","data":%s,"message":{' + _PRIVATE + "}}}",
    _PRESS + '{"id":"1","data":"abcdefgh","message":%s}}',
)
_OA = f'{{"app_id":"{APP_ID}","oa_id":"1","timestamp":"1","event_name":'
_FROM = '"sender":{"id":"7"},"recipient":{"id":"1"}'
_MESSAGE = '"message":{"msg_id":"1",'
_ZALO_OA = (
    "%s",
    '{"app_id":%s}',
    f'{{"app_id":"{APP_ID}","event_name":"follow","follower":{{"id":"7"}},"timestamp":%s}}',
    _OA + "%s}",
    _OA + '"user_send_text","sender":%s,' + _MESSAGE + '"text":"x"}}',
    _OA + '"user_send_text","sender":{"id":%s},' + _MESSAGE + '"text":"x"}}',
    _OA + '"user_send_text",' + _FROM + ',"message":%s}',
    _OA + '"user_send_text",' + _FROM + ',"message":{"msg_id":%s,"text":"x"}}',
    _OA + '"user_send_text",' + _FROM + "," + _MESSAGE + '"text":%s}}',
    _OA + '"user_send_text",' + _FROM + "," + _MESSAGE + '"text":"x"},"other":%s}',
    _OA + '"user_send_location",' + _FROM + "," + _MESSAGE + '"attachments":%s}}',
    _OA + '"user_send_location",' + _FROM + "," + _MESSAGE + '"attachments":[{"payload":%s}]}}',
    _OA + '"user_send_location",' + _FROM + "," + _MESSAGE + '"attachments":[{"payload":{"latitude":%s,'
    '"longitude":%s}}]}}',
    _OA + '"user_send_image",' + _FROM + "," + _MESSAGE + '"attachments":%s}}',
    _OA + '"user_send_image",' + _FROM + "," + _MESSAGE + '"attachments":[{"type":"image","payload":%s}]}}',
    _OA + '"user_send_file",' + _FROM + "," + _MESSAGE + '"attachments":[{"type":"file","payload":{"url":%s,'
    '"name":%s}}]}}',
    _OA + '"user_send_file",' + _FROM + "," + _MESSAGE + '"text":%s,"attachments":[{"type":%s}]}}',
    _OA + '"follow","follower":%s}',
    _OA + '"unfollow","follower":{"id":%s}}',
    _OA + '"user_submit_info",' + _FROM + ',"info":%s}',
    _OA + '"user_submit_info",' + _FROM + ',"info":{"phone":%s}}',
)
_BOT = '{"ok":true,"result":{"event_name":'
_WITH = (
    '"message":{"message_id":"1","date":1,"chat":{"id":"7","chat_type":"PRIVATE"},'
    '"from":{"id":"7","display_name":"An","is_bot":false},'
)
_ZALO_BOT = (
    "%s",
    '{"event_name":%s}',
    '{"ok":true,"result":%s}',
    '{"ok":%s,"result":{"event_name":"message.text.received","message":{"message_id":"1"}}}',
    '{"event_name":"message.text.received","message":%s}',
    _BOT + "%s," + _WITH + '"text":"x"}}}',
    _BOT + '"message.text.received",' + _WITH + '"text":%s}}}',
    _BOT + '"message.text.received",' + _WITH + '"text":"x","other":%s}}}',
    _BOT + '"message.image.received",' + _WITH + '"photo":%s,"caption":"x"}}}',
    _BOT + '"message.image.received",' + _WITH + '"photo_url":"http://a/b","caption":%s}}}',
    _BOT + '"message.sticker.received",' + _WITH + '"sticker":%s}}}',
    _BOT + '"message.text.received","message":{"message_id":%s,"chat":{"id":"7"},"text":"x"}}}',
    _BOT + '"message.text.received","message":{"message_id":"1","chat":%s,"text":"x"}}}',
    _BOT + '"message.text.received","message":{"message_id":"1","chat":{"id":%s},"text":"x"}}}',
)
FORMS = {"telegram": _TELEGRAM, "zalo_oa": _ZALO_OA, "zalo_bot": _ZALO_BOT}
"""By channel; `%s` stands for a JSON value."""
